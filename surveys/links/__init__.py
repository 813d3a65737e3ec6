"""What a link is made of and spread by: secrets, days, printed matter and words, QR code."""
