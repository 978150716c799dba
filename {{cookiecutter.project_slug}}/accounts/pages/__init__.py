"""What the HTML pages share, and the cookies that signed links leave."""
