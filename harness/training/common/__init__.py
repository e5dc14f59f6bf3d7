"""What every training here uses: optimizers, schedules, precision, devices and worker processes."""
