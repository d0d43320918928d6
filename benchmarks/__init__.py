"""How fast is the course's BERT, and how much memory does it take, beside what else reads the same weights? `make bench`

    timing → machine → texts → ours → opponents → reading → training → vectors → floor → tokenizing → cases → memory → chart →
    report → mfu → __main__
"""
