"""What is done about effects after their call: settling doubts, taking effects back, giving dead letters another chance."""
