"""The stages: one file each; they meet only through files and never import one another."""
