"""What skills took and cost before, per tenant and version, and how well that told what came after."""
