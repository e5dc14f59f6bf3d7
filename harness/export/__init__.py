"""The bundle that may leave a restricted site: what goes in, what is searched for, and the manifest."""
