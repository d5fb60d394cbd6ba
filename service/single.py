"""Query parameters that can be given once."""

from fastapi import Request

from callscribe.domain.errors import FieldError, InvalidRequest

_LONGEST = 200


def single(request: Request) -> None:
    """Nothing where every query parameter is given once. Raises InvalidRequest where one is repeated.

    The framework would take the last and say nothing. No parameter of this API is a list.
    """
    given = [name for name, _ in request.query_params.multi_items()]
    repeated = [name for name in dict.fromkeys(given) if given.count(name) > 1]
    if repeated:
        what = "can be given once"
        errors = tuple(FieldError(f"query.{name}"[:_LONGEST], what) for name in repeated[:50])
        raise InvalidRequest("a parameter of the query is repeated", errors=errors)
