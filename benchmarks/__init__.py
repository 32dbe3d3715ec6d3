"""What is measured on this machine: `python -m benchmarks [NAME …]`, or `make bench`."""
