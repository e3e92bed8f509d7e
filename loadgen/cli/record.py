"""``loadgen journey record``: a first journey from a HAR recording."""

from __future__ import annotations

import keyword
from pathlib import Path

import click

from loadgen.errors import UsageError


def _base_url(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and not text.lower().startswith(("http://", "https://")):
        raise click.BadParameter(f"expected a URL such as https://shop.example, got {text!r}")
    return text.rstrip("/") if text else None


def _class_name(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if (
        not text.isidentifier()
        or not text.isascii()
        or keyword.iskeyword(text)
        or text in ("Shopper", "Page", "Form", "Any")
    ):
        raise click.BadParameter(f"expected the name of a class such as GuestBuyer, got {text!r}")
    return text


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("record")
@click.argument("file", type=_FILE)
@click.option("--out", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The journey; FILE.py by default.")
@click.option("--host", "-H", metavar="URL", callback=_base_url, help="Base URL to write; the recorded one by default.")
@click.option(
    "--name", metavar="NAME", default="Visitor", show_default=True, callback=_class_name, help="Name of its class."
)
@click.option("--keep-hosts", metavar="HOST", multiple=True, help="Keep requests to this host too; may be repeated.")
@click.option("--openapi", type=_FILE, help="OpenAPI 3 description of the API: its path templates name requests.")
@click.option("--graphql", type=_FILE, help="GraphQL operations of the shop's front: they name what has no name.")
@click.option("--force", is_flag=True, help="Write over a journey that is there.")
def record(
    file: Path,
    out: Path | None,
    host: str | None,
    name: str,
    keep_hosts: tuple[str, ...],
    openapi: Path | None,
    graphql: Path | None,
    force: bool,
) -> None:
    """Write a first journey from FILE, a HAR recording of one visit.

    A browser saves it: developer tools, Network, "Save all as HAR with content". Steps, names, forms, tokens and think
    times are taken from it. Passwords, session ids, card numbers and e-mail addresses are not written. Nothing is sent
    anywhere.

    \b
    Examples:
      loadgen journey record shop.har
      loadgen journey record shop.har -o guest.py --name Guest --host https://shop.example
    """  # noqa: D301 - \b keeps click from wrapping the examples
    from loadgen.recording import name_operations, path_templates, read_har, script_of, sort, tell, write
    from loadgen.recording.naming import file_name

    path = out or Path(f"{file_name(file.stem)}.py")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already", hint="name another file with -o, or write over it with --force")
    exchanges = read_har(file)
    recording = sort(exchanges, {kept.lower() for kept in keep_hosts})
    if graphql is not None:
        name_operations(exchanges, graphql)
    script = script_of(recording, exchanges, path_templates(openapi) if openapi else ())
    text = write(script, host=host or recording.home, user=name, source=file.name)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    click.echo(f"wrote {path}: {name}, {text.count(chr(10))} lines")
    for line in tell(recording, script, total=len(exchanges)):
        click.echo(line)
    click.echo(f"- try it: loadgen journey try {path} --host {host or recording.home}")
