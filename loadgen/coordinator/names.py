"""Request names of a whole run, never more than its plan allows, however many workers bring their own. Pure."""

from __future__ import annotations

from loadgen.stats import NameCap, Tally


class RunNames:
    """Folds names beyond the run's cap together.

    Args:
        limit: how many distinct names are kept apart.
    """

    def __init__(self, limit: int) -> None:
        self._cap = NameCap(limit)

    def remember(self, tally: Tally) -> None:
        """Take the names of a tally that was folded before, by an earlier leader."""
        for key in tally.series:
            self._cap(key.name)

    def fold(self, tally: Tally) -> None:
        """Fold the names of a tally, in place."""
        folded = {key: key._replace(name=self._cap(key.name)) for key in tally.series}
        strangers = [key for key, known in folded.items() if key != known]
        if strangers:
            tally.renamed += sum(tally.series[key].service.count for key in strangers)
            parts = [Tally(series={folded[key]: series}) for key, series in tally.series.items()]
            tally.series = Tally.merged(parts).series
