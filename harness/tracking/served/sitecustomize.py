"""Block connections beyond this machine in every Python process of MLflow's server.

Python imports a module of this name by itself. `harness.tracking.serve` puts this folder on the path of the server.
"""

from harness.system import offline

offline.enforce()
offline.start_no_program()
