# %% head_hits | indices of what is asked
# style: numpy
import torch


def head_hits(weights, wanted):
    b, t = torch.where(wanted.sum(dim=2) > 0)
    looked_at = weights[b, :, t, :].max(dim=-1).indices
    return torch.stack([wanted[b, t, looked_at[:, h]] for h in range(weights.shape[1])])

# %% head_hits | loops
# style: careful beginner
import torch


def head_hits(weights, wanted):
    B, H, T, S = weights.shape
    hits = []
    for h in range(H):
        row = []
        for b in range(B):
            for t in range(T):
                if wanted[b, t].any():
                    row.append(bool(wanted[b, t, weights[b, h, t].argmax()]))
        hits.append(row)
    return torch.tensor(hits)

# %% head_hits | one-hot
# style: Hugging Face
import torch


def head_hits(weights, wanted):
    one_hot = torch.nn.functional.one_hot(weights.argmax(dim=-1), weights.size(-1)).bool()
    hits = (one_hot & wanted.unsqueeze(1)).any(dim=-1).permute(1, 0, 2).flatten(1)
    return hits[:, wanted.any(dim=-1).flatten()]

# %% gate_heads | before the next matrix
# style: Hugging Face
import torch


def gate_heads(model, batch, gates):
    handles = []
    for i, layer in enumerate(model.bert.encoder.layer):
        def scale(module, args, i=i):
            x, *rest = args
            B, T, D = x.shape
            g = gates[:, i] if gates.dim() == 3 else gates[i].expand(B, -1)
            x = x.view(B, T, g.shape[1], -1) * g.view(B, 1, -1, 1)
            return (x.reshape(B, T, D), *rest)
        handles.append(layer.attention.output.dense.register_forward_pre_hook(scale))
    out = model(**batch)
    for handle in handles:
        handle.remove()
    return out

# %% gate_heads | a gate for each column
# style: careful beginner
import torch


def gate_heads(model, batch, gates):
    d = model.bert.config.hidden_size // model.bert.config.num_attention_heads
    hooks = []
    def hook_for(g):
        columns = g.repeat_interleave(d, dim=-1)
        if columns.dim() == 2:
            columns = columns.unsqueeze(1)
        def hook(module, arguments, output):
            return output * columns
        return hook
    for n, layer in enumerate(model.bert.encoder.layer):
        g = gates[n] if gates.dim() == 2 else gates[:, n]
        hooks.append(layer.attention.self.register_forward_hook(hook_for(g)))
    try:
        answer = model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return answer

# %% logit_lens | layer by layer, without hooks
# style: careful beginner
import torch


def logit_lens(model, batch, asked):
    x = model.bert.embeddings(batch["input_ids"], batch["token_type_ids"])
    mask = batch["attention_mask"].bool()[:, None, None, :]
    states = [x]
    for layer in model.bert.encoder.layer:
        x = layer(x, mask)
        states.append(x)
    return torch.stack([model.score_words(state[asked]) for state in states])

# %% logit_lens | what goes into each layer
# style: Hugging Face
import torch


def logit_lens(model, batch, asked):
    inputs = []
    handles = [layer.register_forward_pre_hook(lambda module, args: inputs.append(args[0]))
               for layer in model.bert.encoder.layer]
    last, _ = model.bert(**batch)
    for handle in handles:
        handle.remove()
    hidden = torch.stack(inputs + [last])
    return model.score_words(hidden[:, asked])
