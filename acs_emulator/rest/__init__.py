"""The data plane of Call Automation, as the SDKs speak to it."""
