"""`fashion-pggan COMMAND …`: the table of commands; `python -m PACKAGE …` runs one of them."""

from inspect import ismethod

from cyclopts import App, CycloptsError, Parameter

from fashion_pggan.command.arguments import check_arguments
from fashion_pggan.command.layout import Layout
from fashion_pggan.command.mistakes import explained
from fashion_pggan.command.roles import check_paths
from fashion_pggan.errors import ArgumentError

NAME = "fashion-pggan"
HELP = """From a shop's search results to new garments, by a progressive GAN.

Each stage is a command; `dvc repro` runs those that have work, in order. Every command has --help.

For example:
    fashion-pggan use photos --set 'crawl.shop_images="photos"'
    dvc repro
    fashion-pggan summary
"""
# name -> where its App or function is; imported when it is called
COMMANDS = {
    "demo": "fashion_pggan.command.own:demo",
    "crawl": "crawler.command_line:app",
    "curate": "curate.command_line:app",
    "models": "curate.weights.command_line:app",
    "train": "train.command_line:app",
    "runs": "train.travel.command_line:app",
    "generate": "generate.command_line:app",
    "evaluate": "evaluate.command_line:app",
    "publish": "generate.publish.command_line:app",
    "explore": "generate.explore.command_line:explore",
    "flows": "flows.command_line:app",
    "demo-shop": "demo_shop.command_line:demo_shop",
    "show": "crawler.command_line:show",
    "summary": "fashion_pggan.command.own:summary",
    "doctor": "fashion_pggan.command.own:doctor",
    "verify": "fashion_pggan.command.own:verify",
    "use": "fashion_pggan.command.own:use",
    "completion": "fashion_pggan.command.own:completion",
}


def program(*, loaded: bool = False) -> App:
    """The whole command line.

    Args:
        loaded: import every command, to list what each does; otherwise a command is imported when it is
        called.
    """
    app = App(
        name=NAME,
        help=HELP,
        help_format="plaintext",
        help_formatter=Layout(),
        version=_version,
        default_parameter=Parameter(
            negative=(),
            allow_repeating=True,  # the last one counts
            show_default=_shown,
        ),
        config=check_arguments,
    )
    for name, place in COMMANDS.items():
        app.command(place, name=name)
        if loaded:
            _ = app[name]  # imports it
    return app


def call(*tokens: str) -> None:
    """Run a command line in this process.

    Raises:
        ArgumentError: the command line is wrong.
        UserError: see the command.
    """
    lists = not tokens or tokens[0].startswith("-")
    try:
        command, given, _ = program(loaded=lists).parse_args(tokens, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        raise ArgumentError(explained(error, NAME)) from None
    if not ismethod(command):  # one of the library's own, such as help
        check_paths(command, given)
    command(*given.args, **given.kwargs)


def _shown(default: object) -> str | None:
    """An option's default in its help; none for a flag and for what is left empty."""
    return None if default is None or default is False or default in ((), "") else str(default)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # not for every command: slow

    try:
        return version(NAME)
    except PackageNotFoundError:
        return "not installed"
