"""What objectives are made of: rows of documents, packing, segments, masks. It needs torch, and reading `params.yaml`
does not load it."""
