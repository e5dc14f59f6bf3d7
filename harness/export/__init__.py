"""Write the export bundle: a folder with results that a site with restricted data (such as a hospital) may give to
others."""
