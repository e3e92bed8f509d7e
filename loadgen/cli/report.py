"""``loadgen report``: the report of a run that has ended, or of one under way as far as it is."""

from __future__ import annotations

from pathlib import Path

import click

from loadgen.cli.options import redis_option

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("run")
@redis_option()
@click.option("--json", "json_file", type=_FILE, help="Write the summary as JSON.")
@click.option("--html", "html_file", type=_FILE, help="Write the report as one HTML file.")
@click.option("--junit", "junit_file", type=_FILE, help="Write thresholds and guards as JUnit XML.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the seconds as CSV.")
def report(
    run: str,
    redis_url: str,
    json_file: Path | None,
    html_file: Path | None,
    junit_file: Path | None,
    csv_file: Path | None,
) -> int:
    """Print the report of RUN, and write it to files. Ends with the run's own exit code.

    \b
    Examples:
      loadgen report RUN --html report.html --redis redis://localhost:6379
    """  # noqa: D301 -- \b keeps click from wrapping the examples
    from loadgen.bus import connect
    from loadgen.bus.following import Follower
    from loadgen.cli.outputs import check_outputs, write_outputs

    check_outputs(json_file, html_file, junit_file, csv_file)
    follower = Follower(connect(redis_url), run)
    follower.look()
    code = write_outputs(
        follower.record,
        follower.plan,
        follower.stats,
        json=json_file,
        html=html_file,
        junit=junit_file,
        csv=csv_file,
    )
    if not follower.finished:
        click.echo(f"run {run} is still {follower.record.state}: these figures are not final", err=True)
        return 0
    return code
