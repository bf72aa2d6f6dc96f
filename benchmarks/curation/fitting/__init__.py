"""How the small models of curation were fitted: features and labels in; weights out."""
