"""The machinery behind the commands: propose, check, report. Notebooks need `helpers` alone."""
