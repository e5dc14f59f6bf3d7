"""Functions that several pre-training objectives share: they make rows of documents, pack rows, pair segments and mask
tokens. The functions are in a package of their own because they need torch, which must not be loaded to read
`params.yaml`."""
