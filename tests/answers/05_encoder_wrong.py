# %% AddAndNorm | the residual is changed in place
# style: hasty
# at: residual += self.dropout(self.dense(x))
# kind: state
# known: input changed in place
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        residual += self.dropout(self.dense(x))
        return self.LayerNorm(residual)


# %% AddAndNorm | the dense layer is put into the residual's place
# style: careful beginner
# at: x = self.dense(residual)
# kind: name, argument
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        x = self.dense(residual)
        x = self.dropout(x)
        x = x + residual
        x = self.LayerNorm(x)
        return x


# %% AddAndNorm | the residual is detached
# style: NumPy
# at: total = self.dropout(self.dense(x)) + residual.detach()
# kind: gradient
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        total = self.dropout(self.dense(x)) + residual.detach()
        return self.LayerNorm(total)


# %% AddAndNorm | F.dropout without self.training: it drops in use too
# style: Keras
# at: x = F.dropout(self.dense(x), self.config.hidden_dropout_prob)
# kind: argument, state, missing
# known: random in evaluation
from torch import nn
from torch.nn import functional as F

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        x = F.dropout(self.dense(x), self.config.hidden_dropout_prob)
        return self.LayerNorm(x + residual)


# %% AddAndNorm | dropout of what goes into the dense layer
# style: nanoGPT
# at: return self.LayerNorm(residual + self.dense(self.dropout(x)))
# kind: order
# known: dropout before dense
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        return self.LayerNorm(residual + self.dense(self.dropout(x)))


# %% AddAndNorm | a GELU after the dense layer
# style: Keras
# at: hidden = F.gelu(self.dense(x))
# kind: extra
from torch import nn
from torch.nn import functional as F

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        hidden = F.gelu(self.dense(x))
        hidden = self.dropout(hidden)
        return self.LayerNorm(hidden + residual)


# %% AddAndNorm | a norm without weight and bias
# style: functional
# at: return F.layer_norm(residual + projected, residual.shape[-1:], eps=self.config.layer_norm_eps)
# kind: missing, argument, name
from torch import nn
from torch.nn import functional as F

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        projected = self.dropout(self.dense(x))
        return F.layer_norm(residual + projected, residual.shape[-1:], eps=self.config.layer_norm_eps)


# %% AddAndNorm | gives back the sum for the next residual too
# style: HF (fused norms)
# at: return self.LayerNorm(residual), residual
# kind: return, type
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        residual = residual + self.dropout(self.dense(x))
        return self.LayerNorm(residual), residual


# %% AddAndNorm | the dense layer's bias is left out, and the residual is subtracted
# style: einsum
# at: y = torch.einsum("bti,oi->bto", x, self.dense.weight)
# kind: missing
# at2: return self.LayerNorm(self.dropout(y) - residual)
# kind2: sign, operator
import torch
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        y = torch.einsum("bti,oi->bto", x, self.dense.weight)
        return self.LayerNorm(self.dropout(y) - residual)


# %% AddAndNorm | no dropout, and the residual is counted twice
# style: hasty
# at: x = self.dense(x)
# kind: missing
# at2: return self.LayerNorm(x + residual + residual)
# kind2: extra
# known: added twice; no dropout in training
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        x = self.dense(x)
        return self.LayerNorm(x + residual + residual)


# %% AddAndNorm | the sum is dropped as a whole, and eps is a number of its own
# style: careful beginner
# at: self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=1e-3)
# kind: number, argument, definition
# at2: total = self.dropout(self.dense(x) + residual)
# kind2: order
# known: dropout after the sum
from torch import nn

class AddAndNorm(nn.Module):
    def __init__(self, in_size, config):
        super().__init__()
        self.in_size = in_size
        self.config = config
        self.dense = nn.Linear(in_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=1e-3)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        total = self.dropout(self.dense(x) + residual)
        return self.LayerNorm(total)


# %% BertAttention | the attention is run twice
# style: hasty
# at: x = self.self(x, x, mask)
# at: return self.output(self.self(x, mask=mask), residual)
# kind: extra, name
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        residual = x
        x = self.self(x, x, mask)
        return self.output(self.self(x, mask=mask), residual)


# %% BertAttention | the mask is unsqueezed once more, as for a padding mask (B, T)
# style: HF
# at: mask = mask[:, None, None]
# kind: shape, extra
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        if mask is not None:
            mask = mask[:, None, None]
        return self.output(self.self(x, mask=mask), x)


# %% BertAttention | an additive mask, as in Hugging Face
# style: HF
# at: mask = (1.0 - mask.float()) * torch.finfo(x.dtype).min
# kind: type, extra
import torch
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        if mask is not None:
            mask = (1.0 - mask.float()) * torch.finfo(x.dtype).min
        attention_output = self.self(x, mask=mask)
        return self.output(attention_output, x)


# %% BertAttention | HF's tuple of outputs
# style: HF
# at: outputs = (attention_output,)
# at: return outputs
# kind: return, type
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        self_outputs = self.self(x, mask=mask)
        attention_output = self.output(self_outputs, x)
        outputs = (attention_output,)
        return outputs


# %% BertAttention | the mask is used only in training
# style: Keras
# at: if self.training and mask is not None:
# kind: condition, state
# known: mask ignored
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        if self.training and mask is not None:
            attended = self.self(x, mask=mask)
        else:
            attended = self.self(x)
        return self.output(attended, residual=x)


# %% BertAttention | queries and keys are normalised first, by the norm of the output
# kind: argument
# style: nanoGPT
# at: attended = self.self(self.output.LayerNorm(x), mask=mask)
# kind: extra, order
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        attended = self.self(self.output.LayerNorm(x), mask=mask)
        return self.output(attended, x)


# %% BertAttention | only the first text's mask is used for all
# style: NumPy
# at: mask = mask[:1]
# kind: number, axis, extra
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        if mask is not None:
            mask = mask[:1]
        return self.output(self.self(x, mask=mask), residual=x)


# %% BertAttention | what the attention gives is masked as well
# style: Keras (masking)
# at: attended = attended * mask[:, 0, 0, :, None]
# kind: extra
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        attended = self.self(x, mask=mask)
        if mask is not None:
            attended = attended * mask[:, 0, 0, :, None]
        return self.output(attended, residual=x)


# %% BertAttention | the attention's dropout takes the rate of the hidden ones, and the mask is reversed
# kind: definition
# at: self.self = MultiHeadAttention(
# style: hasty
# at: config.hidden_size, config.num_attention_heads, config.hidden_dropout_prob
# kind: name, argument
# at2: mask = ~mask
# kind2: sign, extra
# known: mask inverted
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.hidden_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        if mask is not None:
            mask = ~mask
        return self.output(self.self(x, mask=mask), residual=x)


# %% BertAttention | no mask, and a residual of twice x
# style: nanoGPT
# at: y = self.self(x)
# kind: missing, argument
# at2: return self.output(y, 2 * x)
# kind2: scale, extra, number
# known: mask ignored
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        y = self.self(x)
        return self.output(y, 2 * x)


# %% BertAttention | the mask in the context's place, and a residual to which the heads are added
# style: careful beginner
# at: heads = self.self(x, mask)
# kind: argument
# at2: return self.output(heads, heads + x)
# kind2: extra
# known: mask as context
from torch import nn
from bert_parts import MultiHeadAttention
from bert_parts.encoder import AddAndNorm

class BertAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.self = MultiHeadAttention(
            config.hidden_size, config.num_attention_heads, config.attention_probs_dropout_prob
        )
        self.output = AddAndNorm(config.hidden_size, config)

    def forward(self, x, mask=None):
        heads = self.self(x, mask)
        return self.output(heads, heads + x)


# %% head_contributions | the heads' rows are reshaped without exchanging words and heads
# style: hasty
# at: found = attention.self(x, mask=mask).view(B, H, T, D // H)
# kind: shape, axis, order
def head_contributions(attention, x, mask=None):
    B, T, D = x.shape
    H = attention.self.num_heads
    found = attention.self(x, mask=mask).view(B, H, T, D // H)
    weight = attention.output.dense.weight.T.view(H, D // H, D)
    return found @ weight


# %% head_contributions | W^O's own slices are right, the heads' are interleaved
# style: einsum
# at: found = attention.self(x, mask=mask).unflatten(-1, (-1, H))
# kind: shape, axis, order, argument
import torch

def head_contributions(attention, x, mask=None):
    H = attention.self.num_heads
    found = attention.self(x, mask=mask).unflatten(-1, (-1, H))
    weight = attention.output.dense.weight.unflatten(1, (H, -1))
    return torch.einsum("btdh,ohd->bhto", found, weight)


# %% head_contributions | the dense layer is applied to each head's slice in place, with the bias, and the mean bias is taken off
# style: one who ablates
# at: return torch.stack(parts, dim=1) - attention.output.dense.bias.mean()
# kind: extra, name, missing
import torch

def head_contributions(attention, x, mask=None):
    found = attention.self(x, mask=mask)
    H, d = attention.self.num_heads, x.size(-1) // attention.self.num_heads
    parts = []
    for h in range(H):
        alone = torch.zeros_like(found)
        alone[..., h * d:(h + 1) * d] = found[..., h * d:(h + 1) * d]
        parts.append(attention.output.dense(alone))
    return torch.stack(parts, dim=1) - attention.output.dense.bias.mean()


# %% head_contributions | the first text's heads for all
# style: hasty
# at: found = attention.self(x, mask=mask)[0]
# kind: extra, axis, shape, number
import torch

def head_contributions(attention, x, mask=None):
    H = attention.self.num_heads
    found = attention.self(x, mask=mask)[0]
    pairs = zip(found.chunk(H, -1), attention.output.dense.weight.chunk(H, 1))
    parts = torch.stack([part @ weight.T for part, weight in pairs])
    return parts.expand(x.size(0), -1, -1, -1)


# %% head_contributions | the weight is not turned, and is square
# style: careful beginner
# at: parts.append(collected[:, :, start:stop] @ weight[start:stop])
# kind: axis, missing, order
# known: rows for columns
import torch

def head_contributions(attention, x, mask=None):
    collected = attention.self(x, mask=mask)
    weight = attention.output.dense.weight
    width = x.shape[-1] // attention.self.num_heads
    parts = []
    for head in range(attention.self.num_heads):
        start, stop = head * width, (head + 1) * width
        parts.append(collected[:, :, start:stop] @ weight[start:stop])
    return torch.stack(parts, dim=1)


# %% head_contributions | what is left when a head is silenced
# style: one who ablates
# at: without.append(dense(found * keep))
# kind: missing, order, operator
import torch

def head_contributions(attention, x, mask=None):
    found, dense = attention.self(x, mask=mask), attention.output.dense
    heads = attention.self.num_heads
    size = found.size(-1) // heads
    without = []
    for head in range(heads):
        keep = torch.ones(found.size(-1))
        keep[head * size:(head + 1) * size] = 0
        without.append(dense(found * keep))
    return torch.stack(without, 1)


# %% head_contributions | the slices are one number too long
# style: careful beginner
# at: part = slice(h * d, h * d + d + 1)
# kind: number, extra
import torch

def head_contributions(attention, x, mask=None):
    found = attention.self(x, mask=mask)
    d = x.size(-1) // attention.self.num_heads
    parts = []
    for h in range(attention.self.num_heads):
        part = slice(h * d, h * d + d + 1)
        parts.append(found[..., part] @ attention.output.dense.weight[:, part].T)
    return torch.stack(parts, dim=1)


# %% head_contributions | without gradients
# style: one who measures
# at: with torch.no_grad():
# kind: gradient
import torch

def head_contributions(attention, x, mask=None):
    n = attention.self.num_heads
    with torch.no_grad():
        pairs = zip(attention.self(x, mask=mask).chunk(n, -1), attention.output.dense.weight.chunk(n, 1))
        return torch.stack([found @ weight.T for found, weight in pairs], dim=1)


# %% head_contributions | a list of the heads' parts
# style: careful beginner
# at: return parts
# at: parts = [found @ weight.T for found, weight in pairs]
# kind: return, type
def head_contributions(attention, x, mask=None):
    n = attention.self.num_heads
    pairs = zip(attention.self(x, mask=mask).chunk(n, -1), attention.output.dense.weight.chunk(n, 1))
    parts = [found @ weight.T for found, weight in pairs]
    return parts


# %% head_contributions | the norm of the sum is shared out: scaled by its gain
# kind: scale
# style: one who has read of direct attribution
# at: return torch.stack(parts, dim=1) * attention.output.LayerNorm.weight
# kind: extra
import torch

def head_contributions(attention, x, mask=None):
    n = attention.self.num_heads
    pairs = zip(attention.self(x, mask=mask).chunk(n, -1), attention.output.dense.weight.chunk(n, 1))
    parts = [found @ weight.T for found, weight in pairs]
    return torch.stack(parts, dim=1) * attention.output.LayerNorm.weight


# %% head_contributions | no mask, and the heads behind the words
# style: hasty
# at: pairs = zip(attention.self(x).chunk(n, -1), attention.output.dense.weight.chunk(n, 1))
# kind: missing, argument
# known: mask ignored
# at2: return torch.stack([found @ weight.T for found, weight in pairs], dim=2)
# kind2: axis, number, order
# known: heads behind the words
import torch

def head_contributions(attention, x, mask=None):
    n = attention.self.num_heads
    pairs = zip(attention.self(x).chunk(n, -1), attention.output.dense.weight.chunk(n, 1))
    return torch.stack([found @ weight.T for found, weight in pairs], dim=2)


# %% BertLayer | both halves side by side, as in GPT-J
# known: feed-forward's input added twice
# style: nanoGPT
# at: b = self.output(self.intermediate(x), x)
# at: return a + b
# kind: name, order, extra
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, mask)
        b = self.output(self.intermediate(x), x)
        return a + b


# %% BertLayer | a GELU around the wide layer, which has one already
# style: HF
# at: intermediate_output = F.gelu(self.intermediate(attention_output))
# kind: extra
from torch import nn
from torch.nn import functional as F
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        attention_output = self.attention(x, mask)
        intermediate_output = F.gelu(self.intermediate(attention_output))
        layer_output = self.output(intermediate_output, attention_output)
        return layer_output


# %% BertLayer | HF's attention_outputs[0] of a tensor: the first text for all
# style: HF
# at: attention_output = self_attention_outputs[0]
# kind: number, type, extra
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        self_attention_outputs = self.attention(x, mask)
        attention_output = self_attention_outputs[0]
        intermediate_output = self.intermediate(attention_output)
        layer_output = self.output(intermediate_output, attention_output)
        return layer_output


# %% BertLayer | dropout once more on what comes out
# kind: return
# style: Keras
# at: return self.output.dropout(y)
# kind: extra
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        x = self.attention(x, mask)
        y = self.output(self.intermediate(x), residual=x)
        return self.output.dropout(y)


# %% BertLayer | the residual of the second half is both, what came in and what the attention gave
# style: hasty
# at: return self.output(self.intermediate(a), residual=x + a)
# kind: extra, name
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, mask)
        return self.output(self.intermediate(a), residual=x + a)


# %% BertLayer | the mask is asked for as if a tensor were a truth value
# style: careful beginner
# at: if mask:
# kind: condition, type
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        if mask:
            x = self.attention(x, mask)
        else:
            x = self.attention(x)
        return self.output(self.intermediate(x), residual=x)


# %% BertLayer | the feed-forward runs on the vectors' detached copy
# style: hasty
# at: wide = self.intermediate(a.detach())
# kind: gradient
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, mask)
        wide = self.intermediate(a.detach())
        return self.output(wide, a)


# %% BertLayer | the output block of the attention is used once more for the second half
# style: careful beginner
# at: y = self.attention.output(self.output.dense(wide), a)
# kind: name
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, mask)
        wide = self.intermediate(a)
        y = self.attention.output(self.output.dense(wide), a)
        return y


# %% BertLayer | the mask reversed, and the residual is what came in
# style: hasty
# at: a = self.attention(x, None if mask is None else ~mask)
# kind: sign
# at2: return self.output(self.intermediate(a), residual=x)
# kind2: name
# known: residual of the wrong thing
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        a = self.attention(x, None if mask is None else ~mask)
        return self.output(self.intermediate(a), residual=x)


# %% BertLayer | a residual added by hand on top of the block's own, and a ReLU after the GELU
# style: nanoGPT
# at: x = x + self.attention(x, mask)
# kind: extra
# at2: return self.output(self.intermediate(x).relu(), x)
# kind2: extra
# known: attention's input added twice
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        x = x + self.attention(x, mask)
        return self.output(self.intermediate(x).relu(), x)


# %% BertLayer | the second half has a residual of zeros, and a tuple comes back
# style: HF
# at: layer_output = self.output(self.intermediate(attention_output), torch.zeros_like(attention_output))
# kind: name, argument, missing
# at2: return (layer_output,)
# kind2: return, type
import torch
from torch import nn
from bert_parts.encoder import AddAndNorm, BertAttention, BertIntermediate

class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = AddAndNorm(config.intermediate_size, config)

    def forward(self, x, mask=None):
        attention_output = self.attention(x, mask)
        layer_output = self.output(self.intermediate(attention_output), torch.zeros_like(attention_output))
        return (layer_output,)


# %% BertEncoder | the index runs from 1
# style: loops
# at: for i in range(1, self.config.num_hidden_layers):
# kind: number
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        for i in range(1, self.config.num_hidden_layers):
            x = self.layer[i](x, mask)
        return x


# %% BertEncoder | the mean over all layers' results
# style: NumPy
# at: return torch.stack(states).mean(dim=0)
# kind: extra, return
import torch
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        states = []
        for layer in self.layer:
            x = layer(x, mask)
            states.append(x)
        return torch.stack(states).mean(dim=0)


# %% BertEncoder | layers skipped at random in training
# kind: condition
# style: HF (LayerDrop)
# at: if self.training and torch.rand(()) < self.config.hidden_dropout_prob:
# kind: extra, state
import torch
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        for layer in self.layer:
            if self.training and torch.rand(()) < self.config.hidden_dropout_prob:
                continue
            x = layer(x, mask)
        return x


# %% BertEncoder | what lies between layers is detached
# style: hasty
# at: x = layer(x.detach(), mask)
# kind: gradient
# known: gradient cut off
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        for layer in self.layer:
            x = layer(x.detach(), mask)
        return x


# %% BertEncoder | weights of the first layer copied into all others
# style: Keras
# at: layer.load_state_dict(self.layer[0].state_dict())
# kind: extra, state, definition
# known: layers start equal
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])
        for layer in self.layer:
            layer.load_state_dict(self.layer[0].state_dict())

    def forward(self, x, mask=None):
        for layer in self.layer:
            x = layer(x, mask)
        return x


# %% BertEncoder | no self.config
# style: hasty
# at: super().__init__()
# kind: missing, definition
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        for layer in self.layer:
            x = layer(x, mask)
        return x


# %% BertEncoder | the mask is turned round before each layer
# style: hasty
# at: mask = None if mask is None else ~mask
# kind: sign, extra
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask=None):
        for layer in self.layer:
            mask = None if mask is None else ~mask
            x = layer(x, mask)
        return x


# %% BertEncoder | a ModuleDict, whose iteration gives names
# kind: definition
# style: Keras
# at: for layer in self.layer:
# at: x = layer(x, mask)
# at: self.layer = nn.ModuleDict({str(i): BertLayer(config) for i in range(config.num_hidden_layers)})
# kind: type, name, missing
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleDict({str(i): BertLayer(config) for i in range(config.num_hidden_layers)})

    def forward(self, x, mask=None):
        for layer in self.layer:
            x = layer(x, mask)
        return x


# %% BertEncoder | one layer too many, run from the last to the first
# style: careful beginner
# at: for i in range(config.num_hidden_layers + 1):
# kind: number
# at2: for layer in reversed(self.layer):
# kind2: order
# known: layers in reverse
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList()
        for i in range(config.num_hidden_layers + 1):
            self.layer.append(BertLayer(config))

    def forward(self, x, mask=None):
        for layer in reversed(self.layer):
            x = layer(x, mask)
        return x


# %% BertEncoder | as many layers as heads, and no mask
# style: hasty
# at: self.layer = nn.ModuleList(BertLayer(config) for _ in range(config.num_attention_heads))
# kind: name, definition
# at2: x = layer(x)
# kind2: missing, argument
# known: mask ignored
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.layer = nn.ModuleList(BertLayer(config) for _ in range(config.num_attention_heads))

    def forward(self, x, mask=None):
        for layer in self.layer:
            x = layer(x)
        return x


# %% BertEncoder | two layers are run, and they are one and the same
# style: loops
# at: layers = [BertLayer(config)] * config.num_hidden_layers
# kind: state, definition
# at2: for layer in self.layer[:2]:
# kind2: number, extra
# known: same layer n times
from torch import nn
from bert_parts.encoder import BertLayer

class BertEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        layers = [BertLayer(config)] * config.num_hidden_layers
        self.layer = nn.ModuleList(layers)

    def forward(self, x, mask=None):
        for layer in self.layer[:2]:
            x = layer(x, mask)
        return x
