"""Microsoft Entra ID, as far as clients of Azure Communication Services need it: tokens for one application."""
