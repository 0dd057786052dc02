"""`python -m aos_sdk.cli`: the same as `aos`."""

from aos_sdk.cli import main

main()
