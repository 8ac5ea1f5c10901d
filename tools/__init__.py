"""Scripts for those who work on Hongyan; none of them ships in the wheel."""
