"""The OpenAPI document: generates each adapter's part, completes it, and merges the parts."""
