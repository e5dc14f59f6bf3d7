"""Mirror the files of the stages in MLflow. Only this package uses MLflow."""
