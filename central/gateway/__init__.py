"""What stands before every portal: refused networks, rate limits."""
