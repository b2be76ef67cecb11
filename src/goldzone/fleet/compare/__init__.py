"""Two ways of training compared: arms, the words they are judged on, the evidence, and the verdict."""
