"""Functions that the objectives share: rows of documents, packing, segments, masks. They need torch, and reading
`params.yaml` does not load it."""
