"""The pipeline stages, one file each. They exchange data only through files and never import one another."""
