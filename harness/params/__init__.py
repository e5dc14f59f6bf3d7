"""`params.yaml`: its types, its checks, and the profiles that fill it."""
