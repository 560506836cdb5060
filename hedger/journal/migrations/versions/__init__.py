"""One change of the tables each; never edited once released."""
