"""Run the command line in this process."""

from typer.testing import CliRunner, Result

from enunciate.cli.app import app


def run(*arguments: object) -> Result:
    """The result of `enunciate ARGUMENTS`."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def error_line(result: Result) -> str:
    """The message of a command that failed as it should: one line, nothing on stdout, exit code 2."""
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    return result.stderr
