"""Block connections to other machines in every Python process of MLflow's server.

Python imports a module with the name `sitecustomize` at its start. `harness.tracking.serve` puts the folder of this
file on the server's path.
"""

from harness.system import offline

offline.enforce()
offline.start_no_program()
