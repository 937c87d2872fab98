"""`smtppool simulate health` in this process."""

from typer.testing import CliRunner, Result

from smtppool.cli.main import app


def run(*arguments: str) -> Result:
    """What it prints, and its exit status."""
    return CliRunner().invoke(app, ["simulate", "health", *arguments])
