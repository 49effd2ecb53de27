"""The tests. A package, because IPython 7, which Colab has, puts a package `tests` of its own on the path."""
