"""Export a bundle of results that may leave a site with restricted data."""
