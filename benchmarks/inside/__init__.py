"""Parts of the product that are measured without its edge: each a program that prints its figures."""
