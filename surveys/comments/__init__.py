"""What people wrote in their own words: personal data hidden, searched by word forms."""
