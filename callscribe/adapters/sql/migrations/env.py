"""What Alembic runs: the revisions, on the connection that `migrate` hands over."""

from alembic import context

from callscribe.adapters.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
context.run_migrations()
