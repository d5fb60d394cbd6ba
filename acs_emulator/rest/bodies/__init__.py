"""Request bodies of the data plane, as wide as ACS takes them: no `kind` needed, enumerations in any case, nulls."""
