"""What is promised holds on real mail: every message of the corpus, whatever its writer did wrong."""
