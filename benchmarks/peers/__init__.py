"""What the product is measured beside: small servers of our own, each doing what its docstring says and no more."""
