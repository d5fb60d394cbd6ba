"""What the actions need of the world, as small protocols; adapters provide them, wiring joins them.

All coroutine methods may raise `StoreUnavailable` (store), `AcsError` (call control) or nothing else that a caller
is expected to handle.
"""

from callscribe.ports.archive import (
    Admission,
    Archive,
    Committed,
    Write,
    WriteNote,
    WriteObservation,
    WriteSegment,
    WriteStream,
)
from callscribe.ports.house import (
    Config,
    IngestPorts,
    Ports,
)
from callscribe.ports.measuring import (
    UNCOUNTED,
    CallCounters,
    Counter,
    Level,
    Uncounted,
)
from callscribe.ports.records import (
    CallFilter,
    EventRecord,
    Idempotent,
    Job,
    OperationRecord,
    Push,
    StoredCall,
    StoredSegment,
    StoredTranscript,
)
from callscribe.ports.store import (
    Store,
    Transaction,
)
from callscribe.ports.world import (
    AcsCall,
    Bus,
    CallControl,
    Clock,
    Ids,
    Sink,
    Subscription,
    Tokens,
)

__all__ = [
    "UNCOUNTED",
    "AcsCall",
    "Admission",
    "Archive",
    "Bus",
    "CallControl",
    "CallCounters",
    "CallFilter",
    "Clock",
    "Committed",
    "Config",
    "Counter",
    "EventRecord",
    "Idempotent",
    "Ids",
    "IngestPorts",
    "Job",
    "Level",
    "OperationRecord",
    "Ports",
    "Push",
    "Sink",
    "Store",
    "StoredCall",
    "StoredSegment",
    "StoredTranscript",
    "Subscription",
    "Tokens",
    "Transaction",
    "Uncounted",
    "Write",
    "WriteNote",
    "WriteObservation",
    "WriteSegment",
    "WriteStream",
]
