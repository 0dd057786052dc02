"""The root of the command line: which verb is in which file, and how everything that goes wrong is told."""

from __future__ import annotations

import difflib
import importlib
import os
import re
import sys
from collections.abc import Sequence

import click

from aos_sdk._version import VERSION
from aos_sdk.cli.printing import PipeClosed, clean, wants_colour
from aos_sdk.cli.refusals import Refusal, refusal_of, suggested


class Verb:
    """A verb that is loaded when it is used: `--help` then starts without the HTTP client."""

    def __init__(self, module: str, words: str) -> None:
        self.module = module
        self.words = words


VERBS = {
    "run": Verb("submitting", "Give an agent a goal or a plan and follow it."),
    "simulate": Verb("simulating", "Tell what a plan or a goal would cost, and what would stop it."),
    "describe-skill": Verb("asking", "Tell all that is known of a skill, or list the skills."),
    "query": Verb("asking", "Ask one of the named questions."),
    "trace": Verb("looking", "Show all that is known of a run, or follow it."),
    "explain": Verb("looking", "Tell what holds a run up, and why it failed."),
    "diff": Verb("looking", "Hold one run against another."),
    "replay": Verb("again", "Prove a run again, on what was recorded or really."),
    "rerun": Verb("again", "Do a run again, all of it or from a step on."),
    "runs": Verb("runs", "List runs, look at one, steer it."),
    "bulk": Verb("bulk", "Cancel, pause, resume or do again many runs by a filter."),
    "agents": Verb("agents", "List, make and change agents."),
    "skills": Verb("skills", "List skills, look at one."),
    "approvals": Verb("approvals", "List what waits for a yes, give it or refuse it."),
    "questions": Verb("questions", "List what runs ask, and answer it."),
    "grants": Verb("grants", "Let calls through without asking, within limits; take that back."),
    "in-doubt": Verb("doubts", "List steps nobody knows the end of, and settle them."),
    "failures": Verb("failures", "List what failed, and how often."),
    "recovery": Verb("recovery", "Ask what to do about a failure; decide on candidates."),
    "webhooks": Verb("webhooks", "Manage endpoints that are told what happens."),
    "keys": Verb("keys", "Manage keys of programs."),
    "service-accounts": Verb("accounts", "Manage programs that act in their own name."),
    "login": Verb("session", "Keep a key, read from a prompt or standard input."),
    "logout": Verb("session", "Forget the key of a profile."),
    "whoami": Verb("session", "Tell whose key this is and what it may do."),
    "config": Verb("configuring", "Look at and change what is configured."),
    "doctor": Verb("doctor", "Check address, server, key, clock and versions."),
    "dev": Verb("dev", "Start a server of a checkout for development."),
    "completion": Verb("shell", "Print the completion script of a shell."),
    "version": Verb("shell", "Print the version of the command; with --server that of the API too."),
}


class Root(click.Group):
    """The verbs, loaded one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        module = importlib.import_module(f"aos_sdk.cli.{verb.module}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.words) for name, verb in VERBS.items()])


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(VERSION, "--version", prog_name="aos")
@click.option("--url", metavar="URL", help="Address of the server. Else AOS_API_URL, aos.toml, the profile.")
@click.option("--profile", metavar="NAME", help="Profile of the configuration to use. Else AOS_PROFILE.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def root(ctx: click.Context, url: str | None, profile: str | None, debug: bool) -> None:
    """AOS: give goals to agents, watch them, prove what they did.

    A key is never given as an option: `aos login` keeps one, AOS_API_KEY or AOS_API_KEY_FILE hold one.

    Exit codes: 0 ok, 1 run failed, 2 usage, 3 not found, 4 sign-in or not allowed, 5 refused by policy or budget,
    6 waits for a person, 7 server or network, 8 outcome unknown, 124 time-out, 130 interrupted.
    """
    ctx.obj = {"url": url, "profile": profile, "debug": debug}


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_streams()
    try:
        code = root.main(given, prog_name="aos", standalone_mode=False)
    except PipeClosed:
        return 141
    except Exception as error:
        if "--debug" in given:
            raise
        return told(error)
    return code if isinstance(code, int) else 0


def _open_streams() -> None:
    """Have a command read and write nothing where whoever starts it has closed a stream (`>&-`): Python has None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open as long as the process


def told(error: Exception) -> int:
    """Tell on standard error what went wrong, and return the exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    if isinstance(error, click.ClickException):
        if _is_help(error):
            click.echo(error.format_message(), err=True)
            return error.exit_code
        return _refused(_usage(error))
    if isinstance(error, Refusal):
        return _refused(error)
    return _refused(refusal_of(error))


def _is_help(error: click.ClickException) -> bool:
    # Newer versions of click raise the help of a group that is called without a verb.
    return isinstance(error, click.UsageError) and error.ctx is not None and error.format_message() == error.ctx.get_help()


def _usage(error: click.ClickException) -> Refusal:
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    path = ctx.command_path if ctx else "aos"
    why = " ".join(error.format_message().split())
    return Refusal("USAGE", why, tries=[*_meant(ctx, why), f"{path} --help"], exit_code=2)


def _meant(ctx: click.Context | None, why: str) -> list[str]:
    """Return the command that was probably meant by one there is not."""
    typed = re.match(r"No such command '([^']*)'", why)
    if ctx is None or typed is None or not isinstance(ctx.command, click.Group):
        return []
    return [f"{ctx.command_path} {name}" for name in difflib.get_close_matches(typed[1], ctx.command.list_commands(ctx), n=1)]


def _refused(refusal: Refusal) -> int:
    click.echo(f"{click.style(f'error[{refusal.code}]', fg='red')}: {clean(refusal.why)}", err=True, color=_colours())
    for line in refusal.details:
        click.echo(f"  {clean(line)}", err=True)
    # A long list of names is a list of what there is, and reads better in one line.
    names = len(refusal.tries) > 4 and not any(" " in each for each in refusal.tries)
    for each in [", ".join(refusal.tries)] if names else refusal.tries:
        click.echo(f"try: {clean(suggested(each))}", err=True)
    if refusal.trace:
        click.echo(f"trace {clean(refusal.trace)}", err=True)
    return refusal.exit_code


def _colours() -> bool | None:
    return None if wants_colour(sys.stderr) else False
