"""The media operations of an application: it plays and recognises, sends tones and hears them."""
