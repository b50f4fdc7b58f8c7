"""What a client is told about a request that is not valid: in the API's own words, by every door the same."""
