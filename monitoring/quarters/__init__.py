"""The quarter: weights, clients, КПЭ, publishing, reports."""
