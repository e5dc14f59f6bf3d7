"""Functions that the objectives share: rows of documents, packing, segments, masks. They are separate because they need
torch, which must not be loaded to read `params.yaml`."""
