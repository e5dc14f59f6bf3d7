"""MLflow as a mirror of what the stages wrote; this package alone knows MLflow."""
