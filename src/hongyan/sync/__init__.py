"""Planning and carrying out synchronisation."""
