"""`python -m smtppool.cli`, as the chart's clean-up jobs call it."""

from smtppool.cli.main import app

if __name__ == "__main__":
    app()
