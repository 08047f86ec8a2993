"""`python -m stripe_sandbox`: serves a portfolio until interrupted."""

from stripe_sandbox.command_line import main

if __name__ == "__main__":
    main()
